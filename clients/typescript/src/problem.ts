import type { components } from "./schema.js";

/** The body of an error (RFC 9457). */
export type Problem = components["schemas"]["Problem"];
/** The kinds of problems, such as `/problems/invalid`. New ones may be added. */
export type ProblemType = Problem["type"];

/** An answer of the server that is an error. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly type: ProblemType;
  readonly status: number;
  /** Every fault, with its place and a code. */
  readonly errors: Problem["errors"];
  /** The id of the request, which is in the server's log. */
  readonly requestId: string;

  constructor(
    /** The whole body. */
    readonly problem: Problem,
    /** The headers of the answer. */
    readonly headers: Headers,
  ) {
    super(`${problem.type}: ${problem.detail}`);
    this.type = problem.type;
    this.status = problem.status;
    this.errors = problem.errors;
    this.requestId = problem.request_id;
  }
}

/** Whether an error is an answer of the server; of this type, if one is given. */
export function isProblem(error: unknown, type?: ProblemType): error is ProblemError {
  return error instanceof ProblemError && (type === undefined || error.type === type);
}

/** The error for an answer; of a proxy, say, if it is no problem. */
export function toError(body: unknown, response: Response): Error {
  if (typeof body === "object" && body !== null && "type" in body && "request_id" in body) {
    return new ProblemError(body as Problem, response.headers);
  }
  return new Error(`${response.url}: ${response.status} ${response.statusText}`);
}
