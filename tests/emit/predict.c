/* Predicts the rows of rows.csv, three inputs and a target, with the emitted network `device`, and prints what
 * bnc --predict writes. */
#include "device.h"
#include <stdio.h>
#include <stdlib.h>

enum { MOST = 400 };

int main(void)
{
	static float x[MOST][DEVICE_INPUTS], y[MOST][DEVICE_OUTPUTS], scratch[DEVICE_SCRATCH];
	char line[200];
	int rows = 0;
	FILE *file = fopen("rows.csv", "r");
	if (!file || !fgets(line, sizeof line, file))
		return 1;
	for (; rows < MOST && fgets(line, sizeof line, file); rows++) {
		char *next = line;
		for (int i = 0; i < DEVICE_INPUTS; i++, next++)
			x[rows][i] = strtof(next, &next);
	}
	device_predict(x[0], y[0], rows, scratch);
	puts("row,y");
	for (int row = 0; row < rows; row++)
		printf("%d,%.9g\n", row, (double)y[row][0]);
	return fclose(file);
}
