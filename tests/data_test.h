/* data_test.h: data that opens, and data that does not. */
#ifndef BNC_DATA_TEST_H
#define BNC_DATA_TEST_H
#include "../runtime/runtime.h"
#include <criterion/criterion.h>
#include <string.h>

static inline void expect_failure(const char *specification, const char *part)
{
	Data data;
	Failure failure;
	cr_assert_not(data_open(&data, specification, 0, &failure), "%s was opened", specification);
	cr_expect(strstr(failure.text, part), "%s: expected '%s' in '%s'", specification, part, failure.text);
	data_close(&data);
}

static inline void open_or_abort(Data *data, const char *specification)
{
	Failure failure;
	cr_assert(data_open(data, specification, 0, &failure), "%s", failure.text);
}

#endif
