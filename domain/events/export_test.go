package events

// ResultOf is what a delivery records.
var ResultOf = resultOf
