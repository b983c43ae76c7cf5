/** A token or key that is refused. Never means "anonymous": the caller must answer 401 or AuthError. */
export class AuthFailure extends Error {
  override readonly name = "AuthFailure";
  /** As Convex names it in `{code, message}`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
