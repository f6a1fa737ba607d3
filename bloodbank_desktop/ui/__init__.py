"""The window: lists, queue, state, messages. It opens dialogs through a factory that it is given."""
