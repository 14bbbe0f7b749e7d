"""Builds the package: turns the .proto files of the project into baryon_client/api.binpb.

The package holds a set of descriptors, not *_pb2.py: generated modules want the protobuf and grpcio that are at least as
new as those that made them, and register their names for the whole process. Descriptors suit every version, and stay
the package's own. They are made here, from the one copy of the .proto files, and are in wheels, not in the repository.
"""

import pathlib
import shutil
import sys

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = pathlib.Path(__file__).resolve().parent
PROTO_FILES = ["proto/health.proto", "proto/predict.proto", "proto/registry.proto", "proto/rpc_status.proto"]
# In the project the files lie two folders up; a source distribution brings them along.
ROOT = HERE if (HERE / "proto").is_dir() else HERE.parents[1]


class BuildWithDescriptors(build_py):
    def run(self) -> None:
        import grpc_tools
        from grpc_tools import protoc

        super().run()
        target = HERE if self.editable_mode else pathlib.Path(self.build_lib)
        output = target / "baryon_client" / "api.binpb"
        output.parent.mkdir(parents=True, exist_ok=True)
        well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"  # google/protobuf/any.proto, ...
        folders = [f"-I{ROOT}", f"-I{well_known}"]
        if protoc.main(["protoc", *folders, f"--descriptor_set_out={output}", *PROTO_FILES]) != 0:
            sys.exit(f"cannot make {output} from the .proto files in {ROOT / 'proto'}")


class SdistWithProtoFiles(sdist):
    def make_release_tree(self, base_dir: str, files: "list[str]") -> None:
        super().make_release_tree(base_dir, files)
        (pathlib.Path(base_dir) / "proto").mkdir(exist_ok=True)
        for name in PROTO_FILES:
            shutil.copyfile(ROOT / name, pathlib.Path(base_dir) / name)


setup(cmdclass={"build_py": BuildWithDescriptors, "sdist": SdistWithProtoFiles})
