/* layer.c: looks up a layer's arguments and tensors. */
#include "../bnc.h"
#include <string.h>

int argument_index(const Layer *layer, const char *name)
{
	for (int i = 0; layer->arguments[i].name; i++)
		if (strcmp(layer->arguments[i].name, name) == 0)
			return i;
	return -1;
}

int tensor_index(const Layer *layer, const char *name)
{
	for (int i = 0; layer->tensors[i].name; i++)
		if (strcmp(layer->tensors[i].name, name) == 0)
			return i;
	return -1;
}
