// The page of an outage: it is opened again until it comes back.
setTimeout(() => location.reload(), 8000);
