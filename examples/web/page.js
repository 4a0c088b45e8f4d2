const canvas = document.getElementById("plane");
const pen = canvas.getContext("2d");
const curve = document.getElementById("curve").getContext("2d");
const control = name => document.getElementById(name);

const plane = { left: -1.75, bottom: -1.25, width: 4.5, height: 3 };    // what the canvas shows
const grid = { columns: 108, rows: 72 };                                // of predictions
const colours = [[232, 93, 58], [38, 120, 178]];
const most = 8192;                                                      // samples that the network has room for

let network, samples = [], losses = [], running = true;

function normal() {
	return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

function makeMoons(count, noise) {
	return Array.from({ length: count }, (_, i) => {
		const angle = Math.PI * Math.random(), label = i % 2;
		return {
			x: (label ? 1 - Math.cos(angle) : Math.cos(angle)) + noise * normal(),
			y: (label ? 0.5 - Math.sin(angle) : Math.sin(angle)) + noise * normal(),
			label,
		};
	});
}

function shuffle(array) {
	for (let i = array.length - 1; i > 0; i--) {
		const other = Math.floor(Math.random() * (i + 1));
		[array[i], array[other]] = [array[other], array[i]];
	}
}

// ---- drawing

const shades = document.createElement("canvas");
shades.width = grid.columns;
shades.height = grid.rows;

function drawShades() {
	const image = new ImageData(grid.columns, grid.rows);
	const place = i => [
		plane.left + plane.width * (i % grid.columns + 0.5) / grid.columns,
		plane.bottom + plane.height * (1 - (Math.floor(i / grid.columns) + 0.5) / grid.rows),
	];
	let at = 0;
	for (const sure of network.predict(grid.columns * grid.rows, place)) {
		const strength = 0.1 + 0.5 * Math.abs(2 * sure - 1);
		for (const part of colours[sure > 0.5 ? 1 : 0])
			image.data[at++] = 255 + strength * (part - 255);
		image.data[at++] = 255;
	}
	shades.getContext("2d").putImageData(image, 0, 0);
	pen.drawImage(shades, 0, 0, canvas.width, canvas.height);
}

function drawSamples() {
	pen.strokeStyle = "white";
	for (const { x, y, label } of samples) {
		pen.beginPath();
		pen.arc((x - plane.left) / plane.width * canvas.width, (1 - (y - plane.bottom) / plane.height) * canvas.height, 4, 0, 2 * Math.PI);
		pen.fillStyle = `rgb(${colours[label]})`;
		pen.fill();
		pen.stroke();
	}
}

function drawCurve() {
	const { width, height } = curve.canvas;
	const highest = Math.max(...losses, 0.1);
	curve.clearRect(0, 0, width, height);
	curve.beginPath();
	losses.forEach((loss, i) => curve.lineTo(i / Math.max(losses.length - 1, 1) * width, height - 2 - loss / highest * (height - 4)));
	curve.strokeStyle = "#444";
	curve.lineWidth = 2;
	curve.stroke();
}

function accuracy() {
	let right = 0, i = 0;
	for (const sure of network.predict(samples.length, i => [samples[i].x, samples[i].y]))
		right += (sure > 0.5) === (samples[i++].label === 1);
	return right / samples.length;
}

function draw() {
	drawShades();
	drawSamples();
	drawCurve();
	control("epoch").textContent = losses.length;
	control("loss").textContent = losses.length ? losses[losses.length - 1].toFixed(4) : "–";
	control("accuracy").textContent = `${(100 * accuracy()).toFixed(1)} %`;
}

// ---- learning, an epoch for each frame

function step() {
	if (running) {
		shuffle(samples);
		losses.push(network.learn(samples, Number(control("rate").value)));
		draw();
	}
	requestAnimationFrame(step);
}

function restart() {
	losses = [];
	network.start(Math.floor(Math.random() * 2 ** 32));
	draw();
}

function renew() {
	samples = makeMoons(400, Number(control("noise").value));
	restart();
}

control("run").onclick = () => {
	running = !running;
	control("run").textContent = running ? "Pause" : "Go on";
};
control("restart").onclick = restart;
control("renew").onclick = renew;
control("noise").oninput = renew;
control("rate").oninput = () => { control("rate-value").textContent = control("rate").value; };
canvas.onclick = event => {
	if (samples.length === most)
		return;
	samples.push({
		x: plane.left + plane.width * event.offsetX / canvas.clientWidth,
		y: plane.bottom + plane.height * (1 - event.offsetY / canvas.clientHeight),
		label: event.shiftKey ? 1 : 0,
	});
	draw();
};

Network.load(Uint8Array.from(atob(wasm), letter => letter.charCodeAt(0))).then(loaded => {
	network = loaded;
	renew();
	step();
});
