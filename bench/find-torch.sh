#!/bin/sh
# Prints the path of a Python that has PyTorch, installing it when it is missing: from Python's packages into FOLDER
# where they can be reached, else Debian's. Prints nothing when neither can be had.
#
#	bench/find-torch.sh FOLDER
folder=$1

has_torch() { "$1" -c 'import torch' 2>/dev/null; }

if ! has_torch "$folder/bin/python" && ! has_torch python3; then
	echo "Installing PyTorch, to compare with (this takes some minutes and a gigabyte of disk)" >&2
	{ python3 -m venv "$folder" && "$folder/bin/python" -m pip install -q torch==2.13.0 numpy setuptools; } >&2 ||
		sh tools/install-packages python3-torch >&2
fi
for python in "$folder/bin/python" python3; do
	if has_torch "$python"; then
		command -v "$python"
		break
	fi
done
exit 0
