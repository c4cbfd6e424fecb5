"""What stands between the network and a handler, one file per guard; `door` puts them in order."""
