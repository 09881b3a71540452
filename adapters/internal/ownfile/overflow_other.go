//go:build !linux

package ownfile

// overflow returns -1: only Linux has user namespaces.
func overflow() int { return -1 }
