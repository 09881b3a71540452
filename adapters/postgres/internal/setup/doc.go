// Package setup makes what an installation needs: the database, the schemas, the logins
// and what each may do. It runs the migrations, and brings every tenant to the newest
// version.
package setup
