// Package web is the kernel that the routes share. It reads bodies strictly, writes
// answers and problem documents, finds the caller's address, and logs one line a
// request. It imports no use case and has no route.
package web
