// The months of the table as a chart, drawn by uPlot; without this the table stands for itself.

const table = document.querySelector(".trend-table");
const figure = document.querySelector("#trend-chart");

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function readings() {
  const rows = [...table.querySelectorAll("tbody tr")];
  const counts = (side) => rows.map((row) => Number(row.querySelectorAll("td")[side].dataset.count));
  const months = rows.map((row) => Date.UTC(row.dataset.year, row.dataset.month - 1) / 1000);
  return [months, counts(0), counts(1)];
}

const named = (seconds) => {
  const day = new Date(seconds * 1000);
  return `${day.getUTCFullYear()}年${day.getUTCMonth() + 1}月`;
};

function drawn(data) {
  const series = (label, pigment, dash) => ({
    label,
    stroke: colour(pigment),
    width: 2,
    dash,
    points: { show: true, size: 5, fill: colour("--sheet") },
    value: (_, value) => value ?? "–",
  });
  const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const options = {
    width: figure.clientWidth,
    height: 260,
    padding: [8, 44, 0, 0],
    tzDate: (seconds) => new Date((seconds + new Date().getTimezoneOffset() * 60) * 1000),
    series: [{ label: "月份", value: (_, seconds) => (seconds == null ? "–" : named(seconds)) }, series("成果", "--azurite"), series("需求", "--ochre", [6, 4])],
    axes: [
      { ...axis, space: 70, values: (_, ticks) => ticks.map(named), incrs: [1, 2, 3, 6, 12].map((months) => months * 30.4 * 86400), splits: (plot, _, low, high, step) => spread(plot.data[0], Math.max(1, Math.round(step / 86400 / 30.4))) },
      { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000] },
    ],
    scales: { y: { range: (_, low, high) => [0, Math.max(high, 1) * 1.1] } },
    cursor: { drag: { x: false, y: false }, focus: { prox: 24 } },
  };
  figure.replaceChildren();
  return new uPlot(options, data, figure);
}

// Every so many months, counted back from the last.
const spread = (months, step) => months.filter((_, at) => (months.length - 1 - at) % step === 0);

if (table && figure && window.uPlot) {
  const data = readings();
  figure.hidden = false;
  figure.setAttribute("role", "img");
  figure.setAttribute("aria-label", "逐月发布的成果与需求，数字见下面的表");
  let plot = drawn(data);
  document.querySelector(".trend-figures").open = false;
  new ResizeObserver(() => plot.setSize({ width: figure.clientWidth, height: 260 })).observe(figure);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    plot.destroy();
    plot = drawn(data);
  });
}
