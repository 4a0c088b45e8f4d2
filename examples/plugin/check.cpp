// A host of the plugin: two classifiers learn at once, each in its own thread, and a third one takes over from the first.
#include "classifier.h"
#include "samples.h"
#include <cstdio>
#include <thread>
#include <vector>

namespace {

constexpr int epochs = 400;

class Classifier {
public:
	explicit Classifier(std::uint64_t seed)
		: place(classifier_size()), c(classifier_open(place.data(), place.size(), seed)) {}

	void learn()
	{
		for (int epoch = 0; epoch < epochs; epoch++)
			loss = classifier_learn(c, samples_x, samples_label, SAMPLES_ROWS, 0.1f);
	}

	int count_correct()
	{
		std::vector<std::int32_t> label(SAMPLES_ROWS);
		classifier_classify(c, samples_x, label.data(), SAMPLES_ROWS);
		int correct = 0;
		for (std::size_t i = 0; i < label.size(); i++)
			correct += label[i] == samples_label[i];
		return correct;
	}

	std::vector<char> save() const
	{
		std::vector<char> bytes(classifier_saved_size());
		bytes.resize(classifier_save(c, bytes.data(), bytes.size()));
		return bytes;
	}

	bool load(const std::vector<char> &bytes) { return classifier_load(c, bytes.data(), bytes.size()) != 0; }

	float loss = 0;

private:
	std::vector<char> place;        // operator new aligns as malloc does
	classifier *c;
};

int passed, failed;

void check(bool good, const char *what)
{
	if (!good)
		std::printf("%s: wrong\n", what);
	++(good ? passed : failed);
}

}

int main()
{
	Classifier first(0), second(1), third(2);
	std::thread learning(&Classifier::learn, &first), learning_too(&Classifier::learn, &second);
	learning.join();
	learning_too.join();
	std::printf("losses %.6f and %.6f, %d and %d of %d right\n", first.loss, second.loss, first.count_correct(), second.count_correct(),
		SAMPLES_ROWS);
	check(first.count_correct() >= SAMPLES_ROWS - 5, "what the first one learnt");
	check(second.count_correct() >= SAMPLES_ROWS - 5, "what the second one learnt");
	check(first.save() != second.save(), "seeds that differ");

	Classifier alone(0);
	alone.learn();
	check(alone.save() == first.save(), "learning beside another, and alone");

	std::vector<char> bytes = first.save();
	check(third.load(bytes) && third.save() == bytes, "loading");
	first.learn();
	third.learn();
	check(first.save() == third.save(), "learning on after loading");
	bytes[bytes.size() / 2] ^= 1;
	check(!third.load(bytes) && first.save() == third.save(), "damaged bytes");

	std::vector<char> place(classifier_size() + 1);
	check(!classifier_open(place.data() + 1, classifier_size(), 0), "a place that is not aligned");
	check(!classifier_open(place.data(), classifier_size() - 1, 0), "a place that is too small");
	std::printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
