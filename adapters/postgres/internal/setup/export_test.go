package setup

// RunEvery is [Run] with another pause between two reports of its progress.
var RunEvery = runEvery
