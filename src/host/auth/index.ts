export { Authenticator, anonymous, type Credentials } from "./authenticate.ts";
export { AuthFailure } from "./failure.ts";
export { checkProviders } from "./key_sets.ts";
export {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifiedToken,
} from "./token_verifier.ts";
