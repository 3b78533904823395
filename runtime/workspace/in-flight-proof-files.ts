/**
 * Names of files by which a machine proves, for a moment, that it has a directory. They are left out of listings and changes.
 * They are random, so that no task can give one to what it would hide.
 */
export const inFlightProofFiles = new Set<string>();
