// Package archive exports a tenant into one file, and imports it from there, here or in
// another installation.
//
// The file is a tar in Zstandard. Its entries have this order:
//
//	manifest.json      the format, the tenant, its migrations, and what follows, with checksums
//	members.jsonl      the memberships, a JSON object on each line
//	invitations.jsonl  the invitations without their tokens, a JSON object on each line
//	tables/N           the rows of the N-th table of the manifest, in the text format of COPY
//	files.jsonl        the names and sizes of the files, a JSON object on each line
//	files/N            the content of the N-th file, unless it was deleted meanwhile
//	end.json           the number and the checksum of the contents
//
// An archive without invitations.jsonl, which earlier programs wrote, has no invitations.
// The name of a file is in files.jsonl alone, so the reader follows no path.
package archive
