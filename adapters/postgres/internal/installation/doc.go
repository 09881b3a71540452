// Package installation is what the first setup decided, for good: the installation's
// name, which its roles' names are made of, and whether tenants have roles. It makes
// and drops the schemas and roles of tenants, and logs in as the installation's logins.
package installation
