// Package gates moves tenants between gates while they are served.
package gates
