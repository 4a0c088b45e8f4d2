// Trains as the page does, without the page: node check.js NETWORK.wasm <TABLE.csv
const fs = require("fs");
const Network = require("./network.js");

async function main() {
	const network = await Network.load(fs.readFileSync(process.argv[2]));
	const samples = fs.readFileSync(0, "utf8").trim().split("\n").map(line => {
		const [x, y, label] = line.split(",").map(Number);
		return { x, y, label };
	});
	const begin = performance.now();
	let loss;
	for (let epoch = 0; epoch < 200; epoch++)
		loss = network.learn(samples, 0.1);
	const milliseconds = performance.now() - begin;
	let right = 0, i = 0;
	for (const sure of network.predict(samples.length, i => [samples[i].x, samples[i].y]))
		right += (sure > 0.5) === (samples[i++].label === 1);
	console.log(`200 epochs in ${milliseconds.toFixed(0)} ms, loss ${loss.toFixed(6)}, ${right} of ${samples.length} right`);
	process.exitCode = right >= 0.995 * samples.length ? 0 : 1;
}

main();
