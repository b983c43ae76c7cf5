import { AuthFailure } from "../auth/index.ts";

/** A request the wire itself refuses; answered as `{code, message}` like Convex does. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function badRequest(code: string, message: string): HttpError {
  return new HttpError(400, code, message);
}

/** What the client gets for any error that is not the application's; unknown ones tell nothing of the inside. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof AuthFailure) return new HttpError(401, error.code, error.message);
  return new HttpError(500, "InternalServerError", "Your request couldn't be completed. Try again later.");
}
