export { Authenticator, anonymous, type Credentials } from "./authenticate.ts";
export { AuthFailure } from "./failure.ts";
export {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifiedToken,
} from "./token_verifier.ts";
