// Charts: each is drawn from the JSON in its `data-chart`, which says just what its table says.
//   {"kind": "line" | "bars" | "points", "stacked"?, "x": {"label", "time"?, "labels"?},
//    "y": {"label", "unit"?, "min"?, "max"?}, "at": [...],
//    "series": [{"label", "tone", "values": [...], "dash"?, "points"?, "low"?, "high"?}], "marks"?: [{"at", "label"}]}
"use strict";
(() => {
  const shown = new Map();

  const colour = (tone) => {
    const probe = document.createElement("i");
    probe.style.color = `var(--${tone})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  // 100 is all and 0 none: what is nearly that gets as many decimals as tell it apart.
  const percent = (value, digits = 1) => {
    const near = [0, 100].includes(Number(value.toFixed(digits)));
    return near && digits < 7 ? percent(value, digits + 1) : value.toLocaleString("en", { maximumFractionDigits: digits });
  };

  const told = (value, unit) => {
    if (value == null) return "–";
    if (unit === "usd") return "$" + value.toLocaleString("en", { maximumSignificantDigits: 4 });
    if (unit === "share") return percent(value * 100) + " %";
    return value.toLocaleString("en", { maximumSignificantDigits: 4 }) + (unit ? " " + unit : "");
  };

  const bars = window.uPlot?.paths.bars({ size: [0.8, 40] });

  const series = (chart) =>
    chart.series.flatMap((one) => {
      const stroke = colour(one.tone || "accent");
      const drawn = {
        label: one.label, stroke, width: 2, dash: one.dash ? [6, 4] : undefined, spanGaps: false,
        value: (_, value, __, i) => told(one.own && i != null ? one.own[i] : value, chart.y.unit),
        points: { show: !one.line && (chart.kind === "points" || Boolean(one.points) || chart.at.length < 2), size: 7 },
      };
      if (chart.kind === "bars") Object.assign(drawn, { paths: bars, fill: stroke, points: { show: false } });
      if (chart.kind === "points" && !one.line) drawn.paths = () => null;
      return [drawn];
    });

  // Moments that changed something: where their letters would touch, one label tells of them all.
  const LABEL = 56;
  const grouped = (marks, placed) => {
    const groups = [];
    for (const mark of marks) {
      const x = placed(mark.at), last = groups.at(-1);
      if (last && x - last.x < LABEL) last.labels.push(mark.label);
      else groups.push({ x, labels: [mark.label] });
    }
    return groups;
  };
  const lettered = (labels) =>
    labels.length < 3 ? labels.join(", ") : `${labels[0]}\u2013${labels.at(-1)}`;
  const label = (plot, marks) => {
    plot.over.querySelectorAll(".mark").forEach((old) => old.remove());
    for (const { x, labels } of grouped(marks, (at) => plot.valToPos(at, "x"))) {
      const told = document.createElement("span");
      told.className = "mark";
      told.textContent = lettered(labels);
      told.style.left = `${x + 3}px`;
      plot.over.append(told);
    }
  };

  // Intervals as whiskers, and moments that changed something as upright lines.
  const extras = (chart) => ({
    hooks: {
      draw: [(plot) => {
        const { ctx } = plot;
        ctx.save();
        chart.series.forEach((one) => {
          if (!one.low) return;
          ctx.strokeStyle = colour(one.tone || "accent");
          ctx.lineWidth = devicePixelRatio * 1.5;
          chart.at.forEach((at, i) => {
            if (one.low[i] == null) return;
            const x = Math.round(plot.valToPos(at, "x", true));
            ctx.beginPath();
            ctx.moveTo(x, plot.valToPos(one.low[i], "y", true));
            ctx.lineTo(x, plot.valToPos(one.high[i], "y", true));
            ctx.stroke();
          });
        });
        ctx.strokeStyle = colour("muted");
        ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
        let last = -Infinity;
        for (const mark of chart.marks || []) {
          const x = Math.round(plot.valToPos(mark.at, "x", true));
          if (x - last < 3 * devicePixelRatio) continue;
          last = x;
          ctx.beginPath();
          ctx.moveTo(x, plot.bbox.top);
          ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
          ctx.stroke();
        }
        ctx.restore();
        label(plot, chart.marks || []);
      }],
    },
  });

  const options = (chart, width) => {
    const axis = { stroke: colour("muted"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui", labelFont: "12px system-ui", labelSize: 18 };
    const labels = chart.x.labels;
    // Times are UTC on every page: of day, or the day where they lie far apart.
    const at = (seconds, incr) => new Date(seconds * 1000).toISOString().slice(...(incr < 86400 ? [11, 16] : [5, 10]));
    const every = Math.ceil((chart.at.length * 46) / Math.max(width - 80, 46));
    const times = chart.x.time ? (u, splits, axis, space, incr) => splits.map((it) => at(it, incr)) : undefined;
    return {
      width, height: 240, padding: [12, 24, 0, 0],
      tzDate: (seconds) => window.uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: {
        x: { time: Boolean(chart.x.time), range: chart.kind === "bars" ? (u, low, high) => [low - 0.6, high + 0.6] : undefined },
        y: { range: (u, low, high) => [chart.y.min ?? Math.min(low, 0), chart.y.max ?? (high > 0 ? high * 1.08 : 1)] },
      },
      axes: [
        { ...axis, label: chart.x.label, values: labels ? (u, splits) => splits.map((at) => labels[at] ?? "") : times, splits: labels ? () => chart.at.filter((_, i) => i % every === 0) : undefined },
        { ...axis, label: chart.y.label, size: 62, values: (u, splits) => splits.map((at) => told(at, chart.y.unit)) },
      ],
      series: [{ label: chart.x.label, value: labels ? (u, at) => labels[at] ?? "–" : times ? (u, it) => (it == null ? "–" : new Date(it * 1000).toISOString().slice(0, 16).replace("T", " ")) : undefined }, ...series(chart)],
      cursor: { drag: { x: false, y: false }, points: { size: 7 } },
      plugins: [extras(chart)],
    };
  };

  // Stacked bars: the tallest sum is drawn first, and each is told by its own height.
  const stacked = (chart) => {
    const sums = chart.at.map(() => 0);
    const series = chart.series.map((one) => ({
      ...one, own: one.values, values: one.values.map((value, i) => (sums[i] += value || 0)),
    }));
    return { ...chart, series: series.reverse() };
  };

  const draw = (place) => {
    if (!window.uPlot || !place.isConnected) return;
    shown.get(place)?.destroy();
    const given = JSON.parse(place.dataset.chart);
    const chart = given.stacked ? stacked(given) : given;
    if (!chart.at.length) return;
    shown.set(place, new window.uPlot(options(chart, place.clientWidth), [chart.at, ...chart.series.map((one) => one.values)], place));
  };

  const all = () => {
    for (const place of shown.keys()) if (!place.isConnected) { shown.get(place).destroy(); shown.delete(place); }
    document.querySelectorAll("[data-chart]").forEach(draw);
  };
  let waiting = 0;
  const later = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(all); };
  addEventListener("resize", later);
  document.addEventListener("themechange", later);
  document.addEventListener("htmx:afterSettle", later);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
  all();
})();
