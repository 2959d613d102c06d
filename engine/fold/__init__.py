"""The fold: state, trade side, flow, signals and the one compiled loop."""
