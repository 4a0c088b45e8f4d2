#include "words.h"
#include <ctype.h>
#include <string.h>

/* A word may be in several rows: the place where it is used decides. A row may be for a name that bnc does not have
 * yet; that is never proposed. Case, `_` and `-` do not matter. */
static const struct { const char *ours, *theirs; } words[] = {
	/* layers */
	{"linear", "dense fc fully_connected affine lin linear_layer dense_layer inner_product gemm"},
	{"batchnorm",
		"bn batch_norm_1d batch_norm_2d batch_norm_3d batch_normalization batch_normalisation bnorm "
		"spatial_batch_norm"},
	{"relu", "rectifier rectified_linear rectified_linear_unit relu_layer"},
	{"relu6", "relu_6 clipped_relu"},
	{"leaky_relu", "lrelu leaky leaky_rectifier leaky_rectify"},
	{"tanh", "hyperbolic_tangent tan_h tanh_layer"},
	{"sigmoid", "logistic sigm sigmoid_layer"},
	{"residual", "skip skip_connection shortcut res_block residual_block resnet_block"},
	{"conv2d", "conv convolution conv_2d convolution_2d convolutional spatial_convolution"},
	{"maxpool2d", "maxpool max_pooling max_pooling_2d"},
	{"avgpool2d", "avgpool average_pool average_pooling avg_pooling average_pooling_2d"},
	{"global_avgpool", "adaptive_avg_pool_2d global_average_pooling global_average_pooling_2d gap"},
	{"layernorm", "ln layer_normalization layer_normalisation"},
	{"groupnorm", "gn group_normalization group_normalisation"},
	{"elu", "exponential_linear exponential_linear_unit"},
	{"gelu", "gaussian_error_linear_unit"},
	{"silu", "swish"},
	{"log_softmax", "log_soft_max"},
	{"softmax", "soft_max"},
	{"softplus", "soft_plus smooth_relu"},
	/* losses */
	{"cross_entropy",
		"ce xent cross_entropy_loss cross_entropy_with_logits softmax_cross_entropy softmax_cross_entropy_with_logits "
		"categorical_crossentropy sparse_categorical_crossentropy multiclass_cross_entropy nll nll_loss log_loss"},
	{"mse", "mse_loss mean_squared_error mean_square_error squared_error l2 l2_loss mean_squares"},
	{"l1", "mae l1_loss mean_absolute_error absolute_error"},
	{"huber", "huber_loss smooth_l1 smooth_l1_loss"},
	{"bce",
		"bce_loss bce_with_logits bce_with_logits_loss binary_crossentropy binary_cross_entropy "
		"binary_cross_entropy_with_logits"},
	/* optimizers */
	{"sgd", "gd gradient_descent stochastic_gradient_descent sgd_optimizer sgd_momentum momentum_sgd"},
	{"adamw", "adam_w decoupled_adam"},
	{"rmsprop", "rms_prop rms"},
	/* types of numbers */
	{"f32", "float float32 single fp32 float_32 real32 32"},
	{"f64", "double float64 fp64 float_64 real64 64"},
	/* schedules */
	{"constant", "constant_lr none fixed"},
	{"step", "step_lr step_decay"},
	{"exponential", "exponential_lr exponential_decay exp_decay"},
	{"cosine", "cosine_annealing cosine_annealing_lr cosine_decay cosine_lr"},
	{"warmup_cosine", "warmup cosine_warmup linear_warmup_cosine warmup_cosine_annealing cosine_with_warmup"},
	{"one_cycle", "one_cycle_lr onecycle 1cycle"},
	/* augmentations */
	{"random_crop", "crop rand_crop random_cropping random_shift"},
	{"random_horizontal_flip",
		"horizontal_flip hflip flip rand_flip random_flip flip_left_right random_flip_left_right"},
	/* arguments */
	{"lr", "learning_rate learn_rate learning_rate_init eta step_size rate lrate"},
	{"momentum", "mu"},
	{"weight_decay", "wd decay l2 l2_reg l2_penalty l2_regularization"},
	{"nesterov", "use_nesterov"},
	{"clip",
		"clip_grad_norm clip_grad_norm_ clip_gradients clip_norm clipnorm global_clipnorm gradient_clip "
		"gradient_clip_val gradient_clipping grad_clip grad_clip_norm max_grad_norm max_norm"},
	{"accumulate",
		"accumulation accumulation_steps accumulate_gradients accumulate_grad_batches accum_steps accum_iter "
		"grad_accum grad_accumulation grad_accumulation_steps gradient_accumulation gradient_accumulation_steps"},
	{"label_smoothing", "smoothing smooth label_smooth"},
	{"weights", "weight class_weight class_weights"},
	{"slope", "negative_slope alpha leak leakiness"},
	{"beta1", "beta_1 b1 adam_beta1"},
	{"beta2", "beta_2 b2 adam_beta2"},
	{"alpha", "rho smoothing"},
	{"centered", "centred"},
	{"eps", "epsilon"},
	{"in", "in_features n_in in_size in_dim input_dim input_size in_units fan_in inputs"},
	{"out", "out_features n_out out_size out_dim output_dim output_size units hidden neurons width fan_out outputs"},
	{"padding", "pad"},
	{"fill", "fill_value pad_value cval"},
	{"features", "num_features n_features channels num_channels"},
	{"bias", "use_bias with_bias has_bias"},
	/* settings and options */
	{"batch", "batch_size bs batches mini_batch mini_batch_size train_batch_size"},
	{"epochs", "epoch num_epochs n_epochs nb_epoch max_epochs num_train_epochs epoch_count passes"},
	{"seed", "random_seed random_state rng rng_seed manual_seed np_seed"},
	{"input", "input_shape input_size input_dim input_layer inputs"},
	{"loss", "criterion objective loss_function loss_fn cost cost_function"},
	{"optimizer", "optimiser optim solver updater opt"},
	{"schedule", "scheduler lr_scheduler lr_schedule learning_rate_schedule learning_rate_scheduler"},
	{"augment", "augmentation augmentations data_augmentation transform transforms"},
	{"name", "title network_name net_name model_name"},
	{"train", "data dataset data_set train_data training_data train_set train_file fit training"},
	{"steps", "max_steps num_steps n_steps iterations iters iter max_iter max_iters num_iterations updates"},
	{"weights", "load load_weights weights_file init_weights initial_weights pretrained state_dict"},
	{"save", "save_weights save_model weights_out output_weights"},
	{"output", "out_file output_file"},
	{"log", "log_file log_path logfile jsonl log_json"},
	{"log-steps", "log_every_step step_log"},
	{"quiet", "silent no_progress no_bar"},
	{"emit", "export codegen generate generate_c emit_c to_c export_c"},
	{"inference", "infer inference_only prediction_only"},
	{"single-header", "header_only one_header"},
	{"lanes", "simd_width vector_width"},
	{"max-batch", "max_batch_size maximum_batch"},
	{"ram", "memory max_memory memory_limit max_ram ram_limit"},
	{"summary", "info describe model_summary"},
	{"check", "lint dry_run syntax_only check_only"},
	{"isa", "arch march simd kernels kernel_set instruction_set"},
	{"threads", "jobs num_threads n_threads nthreads workers num_workers cores cpus n_jobs"},
	{"profile", "profiler timings profiling"},
	{"recompute", "remat rematerialize gradient_checkpointing activation_checkpointing"},
	{"no-fuse", "no_fusion disable_fusion unfused"},
	{"color", "colour colors colours"},
	{"list-layers", "layers list_losses list_optimizers list_schedules losses optimizers schedules"},
	{"list-settings", "settings"},
	{"list-data", "datasets list_datasets list_data_sets"},
	{"help", "usage"},
	/* data sets and their parameters */
	{"moons", "make_moons two_moons half_moons"},
	{"circles", "make_circles rings"},
	{"blobs", "make_blobs clusters gaussians"},
	{"spirals", "two_spirals make_spirals"},
	{"n", "n_samples num_samples samples rows"},
	{"centers", "centres n_centers clusters"},
	{"std", "cluster_std sigma stddev"},
	{"classes", "n_classes num_classes"},
	/* words that bnc has no equivalent for, and that it should not take for misspellings: gelu is no relu */
	{0, "selu celu prelu rrelu crelu mish hardtanh hard_tanh hardswish hardsigmoid hardshrink softsign "
		"softmin logsigmoid log_sigmoid glu swiglu maxout threshold exp abs square linear1 "
		"bilinear "
		"conv1d conv3d conv_transpose2d deconv depthwise upsample pad padding pool reshape flatten permute transpose "
		"view unflatten "
		"dropout dropout1d dropout2d alpha_dropout instance_norm instancenorm local_response_norm lrn lstm gru rnn "
		"embedding attention "
		"multi_head_attention transformer identity sequential concat cat add mul multiply sum activation "
		"adamax nadam radam rprop adagrad adadelta asgd lbfgs lamb lars lion muon ftrl adafactor nag "
		"rmse msle mape hinge kl kl_div kldiv poisson gaussian_nll triplet cosine focal dice ctc "
		"steps patience early_stopping shuffle verbose device gpu cuda cpu "
		"mps predict "
		"valid val validation validate test eval evaluate resume checkpoint ckpt metrics metric plot tensorboard dtype "
		"precision fp16 "
		"random_vertical_flip vertical_flip vflip random_rotation random_resized_crop center_crop color_jitter "
		"random_erasing cutout mixup cutmix normalize "
		"bf16 amp config format target verify sweep json debug force watch optimize strict all"},
};

static int fold(const char *text, int length, int *at)
{
	while (*at < length && (text[*at] == '_' || text[*at] == '-'))
		++*at;
	return *at < length ? tolower((unsigned char)text[(*at)++]) : 0;
}

bool same_word(const char *a, int a_length, const char *b, int b_length)
{
	for (int i = 0, k = 0;;) {
		int one = fold(a, a_length, &i), other = fold(b, b_length, &k);
		if (one != other)
			return false;
		if (!one)
			return true;
	}
}

static bool has_word(const char *list, const char *word)
{
	while (*list) {
		int length = (int)strcspn(list, " ");
		if (same_word(list, length, word, (int)strlen(word)))
			return true;
		list += length + (list[length] == ' ');
	}
	return false;
}

const char *word_meaning(const char *word, const char *const *candidates, int count, bool *known)
{
	*known = false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!has_word(words[i].theirs, word))
			continue;
		*known = true;
		for (int k = 0; words[i].ours && k < count; k++)
			if (strcmp(words[i].ours, candidates[k]) == 0)
				return candidates[k];
	}
	return 0;
}
