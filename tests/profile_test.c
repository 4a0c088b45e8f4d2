#include "profile.h"
#include <criterion/criterion.h>

Test(profile, the_middle_of_an_odd_number_and_between_the_two_of_an_even_one)
{
	cr_assert_eq(median((double[]){3, 1, 2}, 3), 2);
	cr_assert_eq(median((double[]){4, 1, 2, 8}, 4), 3);
	cr_assert_eq(median((double[]){5}, 1), 5);
}
