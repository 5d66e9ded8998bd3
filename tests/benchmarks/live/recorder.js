(root) => {
  // Installed in the page: notes when the stage draws, what it draws, and when a hand moves a slider.
  const log = { drawings: [], versions: [], epochs: [], moves: [], inputs: [] };
  let { drawn, v, epoch } = root.dataset;
  let still = null; // the step at which a changed session stands
  const watcher = new MutationObserver(() => {
    const now = performance.now();
    const { dataset } = root;
    if (dataset.drawn === drawn) return;
    drawn = dataset.drawn;
    log.drawings.push(now);
    if (dataset.v !== v) log.versions.push([now, Number((v = dataset.v))]);
    if (dataset.epoch !== epoch) {
      log.epochs.push([now, Number((epoch = dataset.epoch))]);
      still = dataset.step;
    } else if (still !== null && dataset.step !== still) {
      log.moves.push([now, Number(epoch)]);
      still = null;
    }
  });
  watcher.observe(root, { attributes: true, attributeFilter: ["data-drawn"] });
  root.addEventListener("input", (event) => log.inputs.push(event.timeStamp), true);
  root.recorded = () => {
    const taken = structuredClone(log);
    for (const list of Object.values(log)) list.length = 0;
    return taken;
  };
}
