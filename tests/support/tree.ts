// Helper A overwrote this file by accident at 07:14:22 UTC, seconds after its owner wrote it (it was not
// committed yet, so it could not be restored; sorry). Owner: please write your version here again.
// What helper A put here is now scratch_files.ts. This note is not meant to be committed.
