/* random_test.c: the expected numbers come from numpy 2.4 and PyTorch 2.13 (CPU with AVX2 or AVX-512). Hashes are of
 * little-endian values. */
#include "../runtime/runtime.h"
#include "set_support.h"
#include "sha256.h"
#include <criterion/criterion.h>

static void expect_hash(const void *bytes, size_t length, const char *expected)
{
	char hash[65];
	sha256_hex(bytes, length, hash);
	cr_expect_str_eq(hash, expected);
}

Test(sha256, known_answers)
{
	expect_hash("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	expect_hash("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	expect_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

Test(numpy, words)
{
	Random random;
	random_seed(&random, 12345);
	cr_expect_eq(random_u32(&random), 0xedfb51e2);
	cr_expect_eq(random_u32(&random), 0xe3e12de5);
	cr_expect_eq(random_u32(&random), 0x50fdfd1d);
}

/* One sequence, as normal keeps half of its pair and uniform numbers must not disturb it. */
Test(numpy, distributions)
{
	Random random;
	random_seed(&random, 12345);
	cr_expect_eq(numpy_double(&random), 0x1.dbf6a3f8f84b7p-1);
	cr_expect_eq(numpy_double(&random), 0x1.43f7f410bb044p-2);
	cr_expect_eq(numpy_double(&random), 0x1.78aa6d0a2dad8p-3);
	cr_expect_eq(numpy_uniform(&random, -3, 5), -0x1.5d0f802c6eaecp+0);
	cr_expect_eq(numpy_uniform(&random, -3, 5), 0x1.8ab36b8836420p+0);
	cr_expect_eq(numpy_normal(&random, 1.5, 2), 0x1.335788d8f331ep+1);
	cr_expect_eq(numpy_normal(&random, 1.5, 2), 0x1.af72df9398fa0p+0);
	cr_expect_eq(numpy_normal(&random, 1.5, 2), 0x1.ff85a23ff8a71p+1);
	cr_expect_eq(numpy_double(&random), 0x1.4ea0b5c9eb155p-1);
}

Test(numpy, shuffle)
{
	static const int expected[10] = {8, 4, 7, 2, 1, 9, 3, 0, 6, 5};
	int items[1000];
	for (int i = 0; i < 1000; i++)
		items[i] = i;
	Random random;
	random_seed(&random, 9);
	numpy_shuffle(&random, items, 10);
	cr_expect_arr_eq(items, expected, sizeof expected);
	for (int i = 0; i < 10; i++)
		items[i] = i;
	numpy_shuffle(&random, items, 1000);
	expect_hash(items, sizeof items, "f7cd9eab976c32fff657cf199923aed97afa1052eeab0d92a6f995f35d48b21f");
}

Test(numpy, linspace)
{
	const double pi = 3.14159265358979323846;
	double out[1000];
	numpy_linspace(out, 0, pi, 501, true);
	expect_hash(out, 501 * sizeof *out, "6e60f667f3d88917b7dbf15ad96c060d81a9f9450fa6affbea8a60517280ef7c");
	numpy_linspace(out, 0, 2 * pi, 1000, false);
	expect_hash(out, 1000 * sizeof *out, "e982918e17ad8ebc235b200bea804cbf49e8e4114ad10f80aef83e1f6006eadd");
	numpy_linspace(out, 3, 5, 1, true);
	cr_expect_eq(out[0], 3);
	numpy_linspace(out, 3, 5, 1, false);
	cr_expect_eq(out[0], 3);
	numpy_linspace(out, 4, 5, 0, true);
	cr_expect_eq(out[0], 3, "no values, so none is written");
}

Test(torch, uniform)
{
	float out[1000];
	Random random;
	random_seed(&random, 5);
	torch_uniform(&random, out, 4, -0.3, 0.7);
	cr_expect_eq(out[0], 0x1.0f7d2cp-1f);
	cr_expect_eq(out[1], -0x1.641ff8p-3f);
	cr_expect_eq(out[2], 0x1.370644p-1f);
	cr_expect_eq(out[3], 0x1.0a33e0p-1f);
	torch_uniform(&random, out, 1000, -0.1, 0.9);
	expect_hash(out, sizeof out, "b3699b129e7640df834d2d6d67ca6b7688bcd02f34d6f2249d33b18736d50084");
}

Test(torch, permutation)
{
	static const int expected[12] = {10, 9, 1, 6, 4, 11, 3, 7, 2, 0, 8, 5};
	int out[1000];
	Random random;
	random_seed(&random, 3);
	torch_permutation(&random, out, 12);
	cr_expect_arr_eq(out, expected, sizeof expected);
	torch_permutation(&random, out, 1000);
	expect_hash(out, sizeof out, "fe73fec3478ff4c75048771c5928e8383cb9f6c910b6985d471b359bd8290f0c");
	torch_permutation(&random, out, 1);
	cr_expect_eq(out[0], 0);
	cr_expect_eq(random_u64(&random) % 0x80000000u, 655445047u, "a permutation of one draws nothing");
}

Test(torch, epoch_order)
{
	static const char *const expected[2][2] = {
		{"9134f0d9f1ccaf938e0f810eee6818824a11d012f703b14da028c5cab9433362",
		 "733c9bf1bec80e5fdeed4b44fed633c57001f28f60b9b26f32be0f2ab5e031a4"},
		{"0cc9d72c521c2af820938c4d060bfdf73e2ddf890670e569ae78564f3fcaae55",
		 "b4b6c55be5b82de072da1d05dd7879d2e5a6f8f84c8c4557438a5ab3e111f8e6"},
	};
	for (uint32_t seed = 0; seed < 2; seed++) {
		Random random;
		random_seed(&random, seed);
		for (int epoch = 0; epoch < 2; epoch++) {
			int order[1000];
			torch_epoch_order(&random, order, 1000);
			expect_hash(order, sizeof order, expected[seed][epoch]);
		}
	}
}

/* What training shuffles by, against what defines it: less than a block of draws, whole ones, and more than the state
 * has words. */
Test(torch, orders_of_every_kernel_set)
{
	static const int counts[] = {1, 2, 3, 207, 208, 209, 210, 624, 625, 626, 1000, 3000};
	FOR_EACH_USABLE_SET(set)
		for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
			const int epochs = (int)i % SAMPLERS + 1;
			static uint32_t samplers[SAMPLERS][624], reciprocals[3000];
			int expected[3000], order[3001] = {0};
			Random random, ahead;
			random_seed(&random, (uint32_t)i);
			ahead = random;
			torch_reciprocals(reciprocals, counts[i]);
			torch_samplers(&ahead, samplers, epochs);
			for (int epoch = 0; epoch < epochs; epoch++) {
				torch_epoch_order(&random, expected, counts[i]);
				set->permute(counts[i], order, samplers[epoch], reciprocals);
				cr_expect_arr_eq(order, expected, (size_t)counts[i] * sizeof *order, "%s, %d", set->name, counts[i]);
				cr_expect_eq(order[counts[i]], 0);
			}
			cr_expect_eq(random_u32(&ahead), random_u32(&random), "the generator stands where torch's would");
		}
}

/* Quotients at their limits: the largest words, and words that are multiples of the range. */
Test(torch, permutation_of_chosen_words)
{
	static int order[2000], expected[2000];
	static uint32_t reciprocals[2000];
	torch_reciprocals(reciprocals, 2000);
	FOR_EACH_USABLE_SET(set)
		for (uint32_t pattern = 0; pattern < 3; pattern++) {
			uint32_t state[624];
			Random random = {.position = 624};
			for (uint32_t i = 0; i < 624; i++)
				random.state[i] = pattern == 0 ? UINT32_MAX : pattern == 1 ? 0x80000000u * (i % 2) : i;
			memcpy(state, random.state, sizeof state);
			torch_permutation(&random, expected, 2000);
			set->permute(2000, order, state, reciprocals);
			cr_expect_arr_eq(order, expected, sizeof expected, "%s", set->name);
		}
}

/* nn.Linear(inputs, outputs): the weight, then the bias. */
static void linear(Random *random, float *weight, float *bias, int inputs, int outputs)
{
	initialise(random, INIT_KAIMING_UNIFORM, weight, sizeof(float), (size_t)inputs * (size_t)outputs, inputs);
	initialise(random, INIT_FAN_IN_UNIFORM, bias, sizeof(float), (size_t)outputs, inputs);
}

/* The article's networks: the one without BatchNorm is made first, the other with what the generator gives next. */
Test(initialise, networks_of_the_article)
{
	static const char *const expected[2][2][4] = {
		{{"39d77d1b3522d1e6940721cc9786483e067f4f47292ddde448401066595c851a",
		  "d4ea0567eb7da0d40e8ded8efc025428a81b2d3b20c1f108761785f7fbdf0815",
		  "fe81bb599b92d2fddb7755ee60e1ceb95e711fdab461b31cfe0e6bcbc987a071",
		  "211803770cf33c3403339ed94d424ee8b7e6945d96a8e9db00851ebd0092e6b0"},
		 {"0c1ee6c6a0d1612e9e81206ec7ee6a5a4ccd6513221fb26f68afeda92ef8f372",
		  "d152d0983bba4cb6005d0c35b307676e544d78aaf4e5b5bc3740123148b4f2b5",
		  "227d0f1df2726dbf286204011837b42b58187fcccb6c90c96139eebdccac6caa",
		  "8898d26ee0a10c01d9bded73c26d7697dfbe60c36573869e5b5d9320bae10b1b"}},
		{{"c3acd09745c0cc9c7cb3bbc907204975c6b53c99de241b48604ae49da632cb30",
		  "805874ea1a9ccac75536d6036b362951ad48f9d73640f7976da4693a7d899338",
		  "82b9cf662b67d0c5e1d857aa40ee862f71d4ef930df8008c0d57ac35ff4911a0",
		  "6e14a7a360635530765f435ff1a86019086c553ae03fc3e542f28afd057309b7"},
		 {"702022cd993f0cc3abf35f9c9fc360e3347006813ddc65206bc5baaae07d31da",
		  "fa1674bd29d820a2c740d2c426ac6566b424143a80dc2d95bc5f6fd402ecff91",
		  "86e375b2bc5107e9d79f9f5c42e6ff5b5e60cd8c54abec667b638acb5f8334fb",
		  "9cde00ba19bf64541874f04ccc7ec70bb8ed44f6e9b90ab4d7a61b5e1cef22d9"}},
	};
	for (uint32_t seed = 0; seed < 2; seed++) {
		Random random;
		random_seed(&random, seed);
		for (int net = 0; net < 2; net++) {
			float weight[128], bias[64];
			linear(&random, weight, bias, 2, 64);
			expect_hash(weight, sizeof weight, expected[seed][net][0]);
			expect_hash(bias, sizeof bias, expected[seed][net][1]);
			linear(&random, weight, bias, 64, 2);
			expect_hash(weight, sizeof weight, expected[seed][net][2]);
			expect_hash(bias, 2 * sizeof *bias, expected[seed][net][3]);
		}
	}
}

Test(initialise, wide_layer)
{
	static float values[784 * 33 + 33];
	Random random;
	random_seed(&random, 11);
	linear(&random, values, values + 784 * 33, 784, 33);
	expect_hash(values, sizeof values, "431d99536a85a13550d492a93f942d5ffafbc209af3d6d74a2cc50997b8503b5");
}

Test(initialise, constants_draw_nothing)
{
	float values[3] = {7, 7, 7};
	Random random, before;
	random_seed(&random, 0);
	before = random;
	initialise(&random, INIT_ONE, values, sizeof *values, 2, 1);
	cr_expect(values[0] == 1 && values[1] == 1 && values[2] == 7);
	initialise(&random, INIT_ZERO, values, sizeof *values, 3, 1);
	cr_expect(values[0] == 0 && values[1] == 0 && values[2] == 0);
	cr_expect_eq(random_u32(&random), random_u32(&before));
}

Test(nearest_name, proposes_what_was_meant)
{
	static const char *const names[] = {"linear", "batchnorm", "relu", "leaky_relu", "n", "sgd"};
	enum { COUNT = sizeof names / sizeof *names };
	cr_expect_str_eq(nearest_name("liner", names, COUNT), "linear");
	cr_expect_str_eq(nearest_name("ilnear", names, COUNT), "linear");
	cr_expect_str_eq(nearest_name("ReLU", names, COUNT), "relu");
	cr_expect_str_eq(nearest_name("batch_norm", names, COUNT), "batchnorm");
	cr_expect_str_eq(nearest_name("sdg", names, COUNT), "sgd");
	cr_expect_null(nearest_name("m", names, COUNT), "one letter is not like another");
	cr_expect_null(nearest_name("", names, COUNT));
	cr_expect_null(nearest_name("transformer", names, COUNT));
	cr_expect_null(nearest_name("a_name_that_is_longer_than_every_word_that_anybody_would_ever_look_for", names,
		COUNT));
	cr_expect_null(nearest_name("relu", names, 0));
}

Test(fail, cuts_what_does_not_fit)
{
	char word[2000];
	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = 0;
	Failure failure;
	cr_expect_not(fail(&failure, "%s", word));
	cr_expect_eq(strlen(failure.text), sizeof failure.text - 1);
}
