// zx runs commands in bash, whose startup files are the user's own: BASH_ENV names one; and a bash that has a socket for its stdin,
// as Node's pipes are, takes itself for one started by rsh and reads ~/.bashrc, unless SHLVL says that another shell is above it.
delete process.env["BASH_ENV"];
process.env["SHLVL"] = "1";
