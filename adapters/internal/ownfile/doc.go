// Package ownfile opens the files and folders that decide what the program trusts and
// does: keys, passwords, locks, logs, data, programs to run.
//
// Another user of the machine may have put something in their place before the first
// start: a folder with keys of their own, or a link to a file that is to be
// overwritten. So a file is accepted only if it belongs to the user that runs this
// program, is closed to others, and is no link. A folder is accepted only if,
// besides, no other user can replace it, because every folder above belongs to this
// user or to root and is not open to others for writing. A folder that all may write
// is accepted above another folder if it is sticky, as /tmp is.
//
// Every error is one line that names the path and says what to do.
package ownfile
