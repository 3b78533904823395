/** The other end said what no correct one says, whatever happened to it before. Nothing after that is believed. */
export class ProtocolViolation extends Error {
  constructor(what: string) {
    super(what);
    this.name = "ProtocolViolation";
  }
}
