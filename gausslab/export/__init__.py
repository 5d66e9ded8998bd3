"""What was learnt, for other programs: weights as safetensors, G as an ONNX graph, readings as Parquet."""

from gausslab.export.graph import onnx_graph, save_onnx
from gausslab.export.readings import save_history
from gausslab.export.weights import Weights, load_weights, save_weights

__all__ = ["Weights", "load_weights", "onnx_graph", "save_history", "save_onnx", "save_weights"]
