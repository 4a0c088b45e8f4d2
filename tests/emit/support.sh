# Shared by the drivers of what --emit writes, tests/emit*.sh: they work in $scratch.
. tests/check.sh
root=$(pwd)
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wdouble-promotion -Wshadow -Werror"
optimised="-O3 -march=native"
cd "$scratch" || exit 1

has() {
	command -v "$1" >/dev/null
}

emit() {
	"$bnc" --quiet "$@" >/dev/null
}
