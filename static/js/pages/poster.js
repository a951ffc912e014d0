// The poster for the lobby.
document.getElementById("print").addEventListener("click", () => window.print());
