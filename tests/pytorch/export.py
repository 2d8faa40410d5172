import torch
from safetensors.torch import save_file


def export(net, path):
    """Writes what spk_load reads: weights, biases, batch norm's statistics and ParametricLIF's w, under their names in the net."""
    state = {}
    for name, part in net.named_modules():
        if isinstance(part, (torch.nn.Linear, torch.nn.BatchNorm1d)) or type(part).__name__ == "ParametricLIFNode":
            for key, tensor in part.state_dict(prefix=name + ".").items():
                if not key.endswith(".num_batches_tracked"):
                    state[key] = tensor.float().contiguous()
    save_file(state, path)
