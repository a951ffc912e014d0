// Draws the charts of the desk's first page with Chart.js, which the theme brings; the figures stand in the page.
"use strict";

(() => {
  const COLOURS = { light: ["#0a7a43", "#e08a1e"], dark: ["#3ccf85", "#f0b25c"] };
  const root = document.documentElement;
  let drawn = [];

  function theme() {
    return root.classList.contains("dark") ? "dark" : "light";
  }

  function options(chart) {
    const style = getComputedStyle(root);
    const ink = style.getPropertyValue(theme() === "dark" ? "--color-base-300" : "--color-base-600");
    const line = style.getPropertyValue(theme() === "dark" ? "--color-base-700" : "--color-base-200");
    const horizontal = chart.kind === "bar";
    const labels = { ticks: { color: ink, autoSkip: !horizontal, autoSkipPadding: 12, maxRotation: 0 }, grid: { display: false } };
    const counts = { beginAtZero: true, ticks: { color: ink, precision: 0 }, grid: { color: line } };
    return {
      animation: false,
      maintainAspectRatio: false,
      onClick: (_event, bars) => bars.length && chart.hrefs && location.assign(chart.hrefs[bars[0].index]),
      onHover: (event, bars) => {
        event.native.target.style.cursor = bars.length && chart.hrefs ? "pointer" : "";
      },
      indexAxis: horizontal ? "y" : "x",
      interaction: { mode: "index", axis: horizontal ? "y" : "x", intersect: false },
      plugins: { legend: { position: "top", align: "end", labels: { color: ink, boxWidth: 12 } } },
      scales: horizontal ? { x: counts, y: labels } : { x: labels, y: counts },
    };
  }

  function draw(canvas, chart) {
    const colours = COLOURS[theme()];
    const datasets = chart.series.map((series, i) => ({
      ...series,
      backgroundColor: colours[i],
      borderColor: colours[i],
      borderRadius: 3,
      borderWidth: chart.kind === "line" ? 2 : 0,
      maxBarThickness: 16,
      pointRadius: chart.labels.length > 40 ? 0 : 2,
    }));
    // As tall as the table beside it, and no less than its bars need.
    if (chart.kind === "bar") canvas.parentElement.style.minHeight = `${60 + chart.labels.length * 30}px`;
    return new Chart(canvas, { type: chart.kind, data: { labels: chart.labels, datasets }, options: options(chart) });
  }

  function drawAll() {
    const data = document.getElementById("desk-charts");
    if (!data) return;
    const charts = JSON.parse(data.textContent);
    drawn.forEach((chart) => chart.destroy());
    drawn = [...document.querySelectorAll("canvas[data-chart]")].map((canvas) => draw(canvas, charts[canvas.dataset.chart]));
  }

  drawAll();
  let before = theme();
  new MutationObserver(() => {
    if (theme() !== before) {
      before = theme();
      drawAll();
    }
  }).observe(root, { attributeFilter: ["class"] });
})();
