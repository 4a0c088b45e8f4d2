// PyTorch's C++ interface as a peer of bench.c: what is left of a framework's cost without Python. The protocol is torch_peer.py's;
// it knows `step eager` only.
#include <torch/torch.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <map>
#include <sstream>

namespace nn = torch::nn;

struct Step {
	nn::Sequential model;
	torch::Tensor x, labels;
	std::unique_ptr<torch::optim::SGD> optimizer;

	void activate(const std::string &name)
	{
		if (name == "leaky_relu")
			model->push_back(nn::LeakyReLU());
		else if (name == "tanh")
			model->push_back(nn::Tanh());
		else if (name == "sigmoid")
			model->push_back(nn::Sigmoid());
		else
			model->push_back(nn::ReLU());
	}

	Step(const std::vector<int64_t> &widths, int64_t batch, bool norm, const std::string &activation, double momentum)
	{
		for (size_t i = 0; i + 1 < widths.size(); i++) {
			model->push_back(nn::Linear(widths[i], widths[i + 1]));
			if (i + 2 < widths.size()) {
				if (norm)
					model->push_back(nn::BatchNorm1d(widths[i + 1]));
				activate(activation);
			}
		}
		x = torch::rand({batch, widths.front()}) * 2 - 1;
		labels = torch::arange(batch) % widths.back();
		optimizer = std::make_unique<torch::optim::SGD>(model->parameters(), torch::optim::SGDOptions(1e-6).momentum(momentum));
	}

	void operator()()
	{
		optimizer->zero_grad();
		torch::nn::functional::cross_entropy(model->forward(x), labels).backward();
		optimizer->step();
	}
};

static double measure(Step &step, double seconds)
{
	using Clock = std::chrono::steady_clock;
	std::vector<double> samples;
	step();
	const auto end = Clock::now() + std::chrono::duration<double>(seconds);
	do {
		const auto start = Clock::now();
		step();
		samples.push_back(std::chrono::duration<double>(Clock::now() - start).count());
	} while (Clock::now() < end);
	std::nth_element(samples.begin(), samples.begin() + samples.size() / 2, samples.end());
	return samples[samples.size() / 2];
}

static std::vector<int64_t> read_widths(std::string text)
{
	std::vector<int64_t> widths;
	std::replace(text.begin(), text.end(), '-', ' ');
	std::istringstream words(text);
	for (int64_t width; words >> width;)
		widths.push_back(width);
	return widths;
}

int main(int, char **arguments)
{
	torch::set_num_threads(std::stoi(arguments[1]));
	std::cout << TORCH_VERSION << std::endl;
	std::map<std::string, std::unique_ptr<Step>> prepared;
	for (std::string line; std::getline(std::cin, line);) {
		std::string what, how, widths, activation;
		int64_t batch = 0;
		bool norm = false;
		double momentum = 0, seconds = 0, answer = 0;
		if (std::istringstream(line) >> what >> how >> widths >> batch >> norm >> activation >> momentum >> seconds && what == "step" && how == "eager") {
			auto &step = prepared[line];
			if (!step)
				step = std::make_unique<Step>(read_widths(widths), batch, norm, activation, momentum);
			answer = measure(*step, seconds);
		}
		std::printf("%.9g\n", answer);
		std::fflush(stdout);
	}
}
