/**
 * An operation was refused. `code` is a short word for programs, which later versions do not change; `message` names what
 * is wrong.
 */
export class PhiPreError extends Error {
  constructor(message, code) {
    super(message);
    this.name = "PhiPreError";
    this.code = code;
  }
}
