package standin

// Version is that of the program that this module was made for.
const Version = "0.1.0"
