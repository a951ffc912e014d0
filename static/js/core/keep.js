// Files of a draft, kept on the phone (IndexedDB) until it is sent, thrown away or a day old: app.keep.
//
// put(name, id, blob) rejects where the phone keeps nothing (private mode, storage full) or has kept enough already.
(function () {
  "use strict";

  const app = window.app;
  const STORE = "files";
  const MOST_BYTES = 40 * 1024 * 1024; // of all drafts together
  const LIVES = 20 * 3600 * 1000; // ms; as long as a draft's words
  const PATIENCE = 3000; // ms; a browser that blocks its database must not hold the page

  const answer = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });

  let opening;

  function open() {
    opening =
      opening ||
      new Promise((resolve, reject) => {
        const request = indexedDB.open("drafts", 1);
        request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: ["name", "id"] });
        request.onsuccess = () => resolve(request.result);
        request.onerror = request.onblocked = () => reject(request.error);
        setTimeout(reject, PATIENCE, new Error("late"));
      });
    return opening;
  }

  // Runs `action(store)` and resolves to what it gives once all of it is written.
  async function within(mode, action) {
    const database = await open();
    return new Promise((resolve, reject) => {
      const change = database.transaction(STORE, mode);
      const given = Promise.resolve(action(change.objectStore(STORE)));
      change.oncomplete = () => given.then(resolve, reject);
      change.onerror = change.onabort = () => reject(change.error);
      given.catch(reject);
    });
  }

  const rows = (store) => answer(store.getAll());

  function put(name, id, blob) {
    return within("readwrite", async (store) => {
      const kept = (await rows(store)).filter((row) => row.id !== id);
      const bytes = kept.reduce((sum, row) => sum + row.blob.size, blob.size);
      if (bytes > MOST_BYTES) throw new Error("full");
      await answer(store.put({ name, id, blob, at: Date.now() }));
    });
  }

  // Map of id → blob; empty where nothing can be kept. What is too old goes.
  async function all(name) {
    const kept = await within("readwrite", async (store) => {
      const found = await rows(store);
      const old = found.filter((row) => Date.now() - row.at > LIVES);
      old.forEach((row) => store.delete([row.name, row.id]));
      return found.filter((row) => row.name === name && !old.includes(row));
    }).catch(() => []);
    return new Map(kept.map((row) => [row.id, row.blob]));
  }

  // One file, or all of this name.
  function drop(name, id) {
    const range = id ? IDBKeyRange.only([name, id]) : IDBKeyRange.bound([name], [name, []]);
    return within("readwrite", (store) => answer(store.delete(range))).catch(() => undefined);
  }

  app.keep = { put, all, drop };
})();
