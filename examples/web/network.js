// The network in WebAssembly, for the page and for node.
class Network {
	static async load(bytes) {
		const { instance } = await WebAssembly.instantiate(bytes);
		return new Network(instance.exports);
	}

	constructor(exports) {
		const rows = exports.rows();
		this.exports = exports;
		this.points = new Float32Array(exports.memory.buffer, exports.points(), 2 * rows);
		this.labels = new Int32Array(exports.memory.buffer, exports.labels(), rows);
		this.outputs = new Float32Array(exports.memory.buffer, exports.outputs(), 2 * rows);
		this.start(0);
	}

	start(seed) {
		this.exports.start(seed);
	}

	// One epoch over samples { x, y, label }. Returns the mean loss.
	learn(samples, rate) {
		samples.forEach((sample, i) => {
			this.points.set([sample.x, sample.y], 2 * i);
			this.labels[i] = sample.label;
		});
		return this.exports.learn(samples.length, rate);
	}

	// How sure the network is that the i-th of so many points is of class 1, as a number from 0 to 1.
	*predict(count, place) {
		for (let i = 0; i < count; i++)
			this.points.set(place(i), 2 * i);
		this.exports.predict(count);
		for (let i = 0; i < count; i++)
			yield 1 / (1 + Math.exp(this.outputs[2 * i] - this.outputs[2 * i + 1]));
	}
}

if (typeof module === "object")
	module.exports = Network;
