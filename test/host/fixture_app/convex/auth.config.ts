export default {
  providers: [
    {
      type: "customJwt",
      issuer: "https://fixture.test",
      jwks: process.env.FIXTURE_JWKS,
      algorithm: "ES256",
      applicationID: "fixture",
    },
  ],
};
