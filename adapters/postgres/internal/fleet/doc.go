// Package fleet brings the tenants of an installation to the newest version: several at
// a time, beside the traffic of the tenants and beside other runners.
package fleet
