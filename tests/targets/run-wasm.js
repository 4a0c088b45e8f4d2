// Runs a program in WebAssembly: node run-wasm.js FILE.wasm
const fs = require("fs");

const env = {
	board_write(text) {
		const bytes = new Uint8Array(instance.exports.memory.buffer);
		fs.writeSync(1, bytes.subarray(text, bytes.indexOf(0, text)));
	},
};
const instance = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(process.argv[2])), { env });
process.exitCode = instance.exports.run();
