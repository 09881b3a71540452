// Package archive reads the tables of a tenant's schema as rows in the text format of
// COPY, and loads such rows into a schema that the migrations have made.
package archive
