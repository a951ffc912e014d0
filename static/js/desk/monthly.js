// Prints the monthly report: the page's own style sheet leaves only the report on the paper.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
});
