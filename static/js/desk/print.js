// Prints the page: its own style sheet leaves only what belongs on paper.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
