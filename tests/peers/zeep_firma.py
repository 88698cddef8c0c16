#!/usr/bin/env python3
"""A stock SOAP client (zeep) that signs what it sends and verifies what it is answered, both with libxmlsec1.

    zeep_firma.py http://127.0.0.1:8080 PKI

PKI is a folder with `regione-LAZIO.pem` and `.key`, the same of PIEMONTE, and `pdd-server.pem`, the certificate of the answers. Signed are Body,
IntestazioneMessaggio and a Timestamp. Prints one line a step. Exit 0 when all is as it must be.
"""

import datetime
import pathlib
import sys

import requests
import xmlsec
import zeep
import zeep.exceptions
import zeep.plugins
import zeep.transports
from lxml import etree
from zeep.wsse import signature, utils

import zeep_client
from zeep_client import EGOV, SOAP, Wrong, document, must

DS = "http://www.w3.org/2000/09/xmldsig#"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE, WSU = WSS + "wssecurity-secext-1.0.xsd", WSS + "wssecurity-utility-1.0.xsd"


class Firma(signature.BinarySignature):
    """zeep's signature with a binary token, which also covers IntestazioneMessaggio; and the answer's is verified."""

    def __init__(self, pki, nome, tamper=None):
        super().__init__(str(pki / f"regione-{nome}.key"), str(pki / f"regione-{nome}.pem"),
                         signature_method=xmlsec.Transform.ECDSA_SHA256, digest_method=xmlsec.Transform.SHA256)
        self.answers = str(pki / "pdd-server.pem")
        self.tamper = tamper
        self.verified = []

    def apply(self, envelope, headers):
        security = utils.get_security_header(envelope)
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp = etree.SubElement(security, f"{{{WSU}}}Timestamp")
        for name, at in (("Created", now), ("Expires", now + datetime.timedelta(minutes=5))):
            etree.SubElement(stamp, f"{{{WSU}}}{name}").text = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        # zeep signs Body and Timestamp; what is signed beside them is added where it signs the Body.
        testata = envelope.find(f".//{{{EGOV}}}IntestazioneMessaggio")
        original = signature._sign_node

        def also(context, node, target, digest):
            original(context, node, target, digest)
            if target.tag == f"{{{SOAP}}}Body":
                original(context, node, testata, digest)

        signature._sign_node = also
        try:
            envelope, headers = super().apply(envelope, headers)
        finally:
            signature._sign_node = original
        if self.tamper:
            self.tamper(envelope)
        return envelope, headers

    def verify(self, envelope):
        security = envelope.find(f"{{{SOAP}}}Header/{{{WSSE}}}Security")
        must(security is not None, "the answer is not signed")
        signature.verify_envelope(envelope, self.answers)
        covered = [reference.get("URI")[1:] for reference in security.iter(f"{{{DS}}}Reference")]
        found = {etree.QName(node).localname for name in covered for node in envelope.xpath("//*[@wsu:Id=$id]", id=name, namespaces={"wsu": WSU})}
        must(found == {"Body", "IntestazioneMessaggio", "Timestamp"}, f"signed are {sorted(found)}")
        self.verified.append(found)
        return envelope


class Peer(zeep_client.Peer):
    def __init__(self, base, firma):
        session = requests.Session()
        session.trust_env = False
        self.base, self.firma = base, firma
        self.history = zeep.plugins.HistoryPlugin()
        self.identifiers = zeep_client.Identifiers()
        self.replies = set()
        self.schema = etree.XMLSchema(etree.parse(str(zeep_client.ROOT / "xsd" / "egov" / "egov.xsd")))
        transport = zeep.transports.Transport(session=session, timeout=30, operation_timeout=30)
        self.client = zeep.Client(f"{base}/pdd/ServiziSAP?wsdl", transport=transport, plugins=[self.history], wsse=firma)


def changed(envelope):
    envelope.find(f".//{{{EGOV}}}OraRegistrazione").text += "1"


def main():
    base, pki = sys.argv[1], pathlib.Path(sys.argv[2])
    firma = Firma(pki, "LAZIO")
    peer = Peer(base, firma)
    answer, _ = peer.call("invioSAP", SAP=document("scheda-anagrafico-professionale.xml"))
    must(answer.Esito == "OK", f"Esito {answer.Esito!r}")
    peer.call("verificaEsistenzaSAP", CodiceFiscale=document("verifica-sap.xml"))
    must(len(firma.verified) == 2, f"{len(firma.verified)} answers were verified, must be 2")
    print("ok    signed calls, signed answers")

    for nome, tamper, expected in (("LAZIO", changed, "EGOV_IT_117"), ("PIEMONTE", None, "EGOV_IT_201")):
        firma = Firma(pki, nome, tamper)
        peer = Peer(base, firma)
        peer.refused("verificaEsistenzaSAP", "verificaEsistenzaSAP", [expected], CodiceFiscale=document("verifica-sap.xml"))
        must(len(firma.verified) == 1, "the refusal was not verified")
        print(f"ok    {expected}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Wrong as wrong:
        print(f"WRONG {wrong}", file=sys.stderr)
        sys.exit(1)
