// Package doctor checks a database for the mistakes that an installation may have,
// and changes nothing. [Run] makes the checks in the order in which they build on
// each other.
package doctor
