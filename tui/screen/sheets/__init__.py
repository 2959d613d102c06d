"""What opens over the screen: questions, lists, help, one contract, one signal."""
