#!/usr/bin/env python3
"""A stock SOAP client (zeep) as a region's PDD: reads the WSDL from the gateway, adds the busta e-Gov, calls the actions of
ServiziSAP one after the other and checks every reply, header and body.

    zeep_client.py http://127.0.0.1:8080
    zeep_client.py https://127.0.0.1:8443 --ca ca.pem --certificate lazio.pem --key lazio.key

Prints one line a call. Exit 0 when all is as it must be, 1 when something is not (the last lines say what), 2 when zeep is missing.
"""

import argparse
import datetime
import pathlib
import re
import sys
import zoneinfo

try:
    import requests
    import zeep
    import zeep.exceptions
    import zeep.plugins
    import zeep.transports
    from lxml import etree
except ImportError as missing:
    print(f"zeep is not installed ({missing})", file=sys.stderr)
    sys.exit(2)

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
EGOV = "http://www.cnipa.it/schemas/2003/eGovIT/Busta1_0/"
ACTOR = "http://www.cnipa.it/eGov_it/portadominio"
NS = {"s": SOAP, "e": EGOV}
MITTENTE, PORTA = "LAZIO", "LAZIOSPCoopIT"
DESTINATARIO, PORTA_DESTINATARIO = "NAZIONALE", "NAZIONALESPCoopIT"
IDENTIFICATORE = re.compile(r"([A-Za-z0-9]+)_([A-Za-z0-9]+)_\d{7}_\d{4}-\d\d-\d\d_\d\d:\d\d")
PERSONA = "RSSMRA85T10A562S"


class Wrong(Exception):
    """A reply that is not as it must be."""


def must(condition, message):
    if not condition:
        raise Wrong(message)


def document(name):
    """An inner document of the samples, as text: the client escapes it into the wrapper element."""
    return (ROOT / "samples" / "documenti" / name).read_text(encoding="utf-8")


class Identifiers:
    """Identificatori that do not meet those of another run in the same minute: the progressive begins at the millisecond."""

    def __init__(self):
        self.count = 0

    def next(self):
        now = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Rome"))
        progressive = (now.second * 1000 + now.microsecond // 1000) * 100 + self.count % 100
        self.count += 1
        name = f"{MITTENTE}_{PORTA}_{progressive:07d}_{now:%Y-%m-%d_%H:%M}"
        return name, now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}"


def parte(parent, name, value):
    outer = etree.SubElement(parent, f"{{{EGOV}}}{name}")
    inner = etree.SubElement(outer, f"{{{EGOV}}}IdentificativoParte", tipo="SPC")
    inner.text = value


def intestazione(azione, identificatore, ora):
    """The busta of a synchronous request, in schema order."""
    block = etree.Element(f"{{{EGOV}}}Intestazione", nsmap={"eGov_IT": EGOV, "soap": SOAP})
    block.set(f"{{{SOAP}}}actor", ACTOR)
    block.set(f"{{{SOAP}}}mustUnderstand", "1")
    message = etree.SubElement(block, f"{{{EGOV}}}IntestazioneMessaggio")
    parte(message, "Mittente", MITTENTE)
    parte(message, "Destinatario", DESTINATARIO)
    etree.SubElement(message, f"{{{EGOV}}}ProfiloCollaborazione").text = "EGOV_IT_ServizioSincrono"
    etree.SubElement(message, f"{{{EGOV}}}Servizio", tipo="SPC").text = "ServiziSAP"
    etree.SubElement(message, f"{{{EGOV}}}Azione").text = azione
    inner = etree.SubElement(message, f"{{{EGOV}}}Messaggio")
    etree.SubElement(inner, f"{{{EGOV}}}Identificatore").text = identificatore
    etree.SubElement(inner, f"{{{EGOV}}}OraRegistrazione", tempo="EGOV_IT_SPC").text = ora
    etree.SubElement(
        message, f"{{{EGOV}}}ProfiloTrasmissione", inoltro="EGOV_IT_ALPIUUNAVOLTA", confermaRicezione="false"
    )
    hops = etree.SubElement(block, f"{{{EGOV}}}ListaTrasmissioni")
    hop = etree.SubElement(hops, f"{{{EGOV}}}Trasmissione")
    parte(hop, "Origine", MITTENTE)
    parte(hop, "Destinazione", DESTINATARIO)
    etree.SubElement(hop, f"{{{EGOV}}}OraRegistrazione", tempo="EGOV_IT_SPC").text = ora
    return block


class Peer:
    """One region talking to one gateway."""

    def __init__(self, base, session):
        self.base = base.rstrip("/")
        self.history = zeep.plugins.HistoryPlugin()
        self.identifiers = Identifiers()
        self.replies = set()
        self.schema = etree.XMLSchema(etree.parse(str(ROOT / "xsd" / "egov" / "egov.xsd")))
        transport = zeep.transports.Transport(session=session, timeout=30, operation_timeout=30)
        self.client = zeep.Client(f"{self.base}/pdd/ServiziSAP?wsdl", transport=transport, plugins=[self.history])

    def address(self):
        """Where the WSDL says that the service is: it must be the listener that served it."""
        port = next(iter(next(iter(self.client.wsdl.services.values())).ports.values()))
        return port.binding_options["address"]

    def call(self, azione, repeated=None, **parameters):
        """Calls an action and checks the reply's busta; gives the body's value and the Identificatore. `repeated` is an
        Identificatore that was sent before: its recorded reply may come back as it was."""
        fresh, ora = self.identifiers.next()
        identificatore = repeated or fresh
        header = intestazione(azione, identificatore, ora)
        value = getattr(self.client.service, azione)(**parameters, _soapheaders=[header])
        answered = self.check(self.history.last_received["envelope"], azione, identificatore)
        must(repeated or answered not in self.replies, f"the reply's Identificatore {answered} was used before")
        self.replies.add(answered)
        return value, identificatore

    def check(self, reply, azione, identificatore):
        """The reply's busta derives from the request's: parties swapped, reference, new identifier, one hop back."""
        blocks = reply.findall("s:Header/e:Intestazione", NS)
        must(len(blocks) == 1, f"{len(blocks)} e-Gov header blocks in the reply, must be one")
        block = blocks[0]
        own = etree.fromstring(etree.tostring(block))
        must(self.schema.validate(own), f"the reply's busta breaks its schema: {self.schema.error_log.last_error}")

        def text(path):
            found = block.findall(path, NS)
            return found[0].text if found else None

        expected = {
            "e:IntestazioneMessaggio/e:Mittente/e:IdentificativoParte": DESTINATARIO,
            "e:IntestazioneMessaggio/e:Destinatario/e:IdentificativoParte": MITTENTE,
            "e:IntestazioneMessaggio/e:ProfiloCollaborazione": "EGOV_IT_ServizioSincrono",
            "e:IntestazioneMessaggio/e:Servizio": "ServiziSAP",
            "e:IntestazioneMessaggio/e:Azione": azione,
            "e:IntestazioneMessaggio/e:Messaggio/e:RiferimentoMessaggio": identificatore,
            "e:ListaTrasmissioni/e:Trasmissione/e:Origine/e:IdentificativoParte": DESTINATARIO,
            "e:ListaTrasmissioni/e:Trasmissione/e:Destinazione/e:IdentificativoParte": MITTENTE,
        }
        for path, wanted in expected.items():
            place = path.replace("e:", "")
            must(text(path) == wanted, f"{place} is {text(path)!r}, must be {wanted!r}")

        answered = text("e:IntestazioneMessaggio/e:Messaggio/e:Identificatore")
        parts = IDENTIFICATORE.fullmatch(answered or "")
        must(
            parts and parts.group(1) == DESTINATARIO and parts.group(2) == PORTA_DESTINATARIO,
            f"Identificatore of the reply {answered!r} is not one of {DESTINATARIO}",
        )
        codes = [found.get("codiceEccezione") for found in block.findall("e:ListaEccezioni/e:Eccezione", NS)]
        must(not codes, f"ListaEccezioni holds {codes}, must be absent")
        return answered

    def refused(self, azione, dichiarata, eccezioni, **parameters):
        """Calls with a header that must be refused: an e-Gov fault, exact to the letter, and the reason in the busta."""
        fresh, ora = self.identifiers.next()
        try:
            value = getattr(self.client.service, azione)(**parameters, _soapheaders=[intestazione(dichiarata, fresh, ora)])
        except zeep.exceptions.Fault as fault:
            must(fault.message == "EGOV_IT_001 - Formato Busta non corretto", f"faultstring {fault.message!r}")
            must(fault.code == "soap:Client", f"faultcode {fault.code!r}, must be 'soap:Client'")
        else:
            raise Wrong(f"accepted, and answered {value!r}")
        reply = self.history.last_received["envelope"]
        blocks = reply.findall("s:Header/e:Intestazione", NS)
        must(len(blocks) == 1, f"{len(blocks)} e-Gov header blocks in the error reply, must be one")
        found = [item.get("codiceEccezione") for item in blocks[0].findall("e:ListaEccezioni/e:Eccezione", NS)]
        must(found == eccezioni, f"ListaEccezioni holds {found}, must hold {eccezioni}")
        reference = blocks[0].findtext("e:IntestazioneMessaggio/e:Messaggio/e:RiferimentoMessaggio", namespaces=NS)
        must(reference == fresh, f"RiferimentoMessaggio is {reference!r}, must be {fresh!r}")


def inner(text, root, what):
    """The document inside an answer."""
    try:
        parsed = etree.fromstring(text.encode("utf-8"))
    except (etree.XMLSyntaxError, AttributeError) as error:
        raise Wrong(f"{what} is no XML document ({error}): {text!r:.80}") from error
    must(parsed.tag == root, f"{what} holds <{parsed.tag}>, must hold <{root}>")
    return parsed


def story(peer):
    """The steps, in the order in which a region would take them; each is (name, function)."""
    known = {}

    def wsdl():
        address = peer.address()
        must(address.startswith(peer.base + "/"), f"the WSDL sends callers to {address!r}, not to {peer.base}")
        return address

    def invio():
        answer, known["id"] = peer.call("invioSAP", SAP=document("scheda-anagrafico-professionale.xml"))
        must(answer.Esito == "OK", f"Esito {answer.Esito!r}, MessaggioErrore {answer.MessaggioErrore!r}")
        must(re.fullmatch(r"[A-Z]{2}[0-9]{8}[A-Z]", answer.CodiceSAP or ""), f"CodiceSAP {answer.CodiceSAP!r} has not its form")
        known["sap"] = answer.CodiceSAP
        return f"Esito OK, CodiceSAP {answer.CodiceSAP}"

    def again():
        answer, _ = peer.call(
            "invioSAP", repeated=known["id"], SAP=document("scheda-anagrafico-professionale.xml")
        )
        must(
            (answer.Esito, answer.CodiceSAP) == ("OK", known["sap"]),
            f"a repeated message is answered {answer.Esito} {answer.CodiceSAP}, was OK {known['sap']}",
        )
        return "the recorded verdict"

    def verifica():
        answer, _ = peer.call("verificaEsistenzaSAP", CodiceFiscale=document("verifica-sap.xml"))
        must(answer == known["sap"], f"CodiceSAP {answer!r}, must be {known['sap']!r}")
        return answer

    def richiesta():
        asked = document("identificativo-sap.xml").replace("AA00000001A", known["sap"])
        answer, _ = peer.call("richiestaSAP", CodiceSAP=asked)
        scheda = inner(answer, "lavoratore", "SAP")
        found = scheda.findtext("datianagrafici/datipersonali/codicefiscale")
        must(found == PERSONA, f"the SAP is that of {found!r}, must be that of {PERSONA!r}")
        return "a scheda of the same person"

    def titolare():
        answer, _ = peer.call("richiestaCodSAPRegTitolare", CodiceFiscale=document("richiesta-cod-sap-reg-titolare.xml"))
        must(answer.CodiceSAP == known["sap"], f"CodiceSAP {answer.CodiceSAP!r}, must be {known['sap']!r}")
        must(answer.CodiceRegione, "CodiceRegione is empty")
        return f"region {answer.CodiceRegione}, body {answer.CodiceEnteTitolare}"

    def non_attive():
        answer, _ = peer.call("recuperaListaSAPNonAttive", Parametri=document("lista-sap.xml"))
        must(answer is None or isinstance(answer, (list, str)), f"SAPs is {answer!r}")
        return f"{len(answer or [])} found"

    def did():
        answer, _ = peer.call("richiestaSAP_N00_A02", CodiceFiscale=PERSONA)
        if not answer:
            return "no DID"
        inner(answer, "ListaDID", "DID")
        return "a ListaDID"

    def non_valida():
        answer, _ = peer.call("invioSAP", SAP=document("non-validi/scheda-cap-corto.xml"))
        must(answer.Esito == "KO", f"Esito {answer.Esito!r} for a document that breaks its schema, must be KO")
        anomalie = inner(answer.MessaggioErrore, "ListaAnomalie", "MessaggioErrore")
        return f"Esito KO, {len(anomalie)} anomalia"

    def annulla():
        asked = document("identificativo-sap.xml").replace("AA00000001A", known["sap"])
        answer, _ = peer.call("annullaSAP", CodiceSAP=asked)
        must(answer.Esito == "OK", f"Esito {answer.Esito!r}, MessaggioErrore {answer.MessaggioErrore!r}")
        return "Esito OK"

    def sparita():
        answer, _ = peer.call("verificaEsistenzaSAP", CodiceFiscale=document("verifica-sap.xml"))
        must(answer == "0", f"CodiceSAP {answer!r} after annullaSAP, must be '0'")
        return answer

    def sconosciuta():
        peer.refused("verificaEsistenzaSAP", "cancellaSAP", ["EGOV_IT_106"], CodiceFiscale=document("verifica-sap.xml"))
        return "EGOV_IT_106"

    return [
        ("GET ServiziSAP?wsdl", wsdl),
        ("invioSAP", invio),
        ("invioSAP, same Identificatore", again),
        ("verificaEsistenzaSAP", verifica),
        ("richiestaSAP", richiesta),
        ("richiestaCodSAPRegTitolare", titolare),
        ("recuperaListaSAPNonAttive", non_attive),
        ("richiestaSAP_N00_A02", did),
        ("invioSAP, document not valid", non_valida),
        ("annullaSAP", annulla),
        ("verificaEsistenzaSAP, once annulled", sparita),
        ("Azione that does not exist", sconosciuta),
    ]


def main():
    parser = argparse.ArgumentParser(description="Calls ServiziSAP of a gateway with zeep and checks every reply.")
    parser.add_argument("base", help="address of the listener, such as http://127.0.0.1:8080")
    parser.add_argument("--ca", help="certificates that the gateway's own is checked against (PEM)")
    parser.add_argument("--certificate", help="this porta's certificate (PEM)")
    parser.add_argument("--key", help="its key (PEM)")
    options = parser.parse_args()

    session = requests.Session()
    session.trust_env = False
    if options.ca:
        session.verify = options.ca
    if options.certificate:
        session.cert = (options.certificate, options.key) if options.key else options.certificate

    try:
        peer = Peer(options.base, session)
    except Exception as error:  # zeep, requests and lxml each have their own family of errors here
        print(f"zeep_client: the WSDL at {options.base}/pdd/ServiziSAP?wsdl cannot be used: {error}", file=sys.stderr)
        return 1

    failed = []
    for name, step in story(peer):
        try:
            print(f"ok    {name}: {step()}", flush=True)
        except Wrong as wrong:
            failed.append(f"{name}: {wrong}")
        except KeyError as missing:
            failed.append(f"{name}: not tried, an earlier call did not give {missing}")
        except zeep.exceptions.Fault as fault:
            failed.append(f"{name}: fault {fault.code} {fault.message!r}")
        except Exception as error:  # a broken reply may surface from any layer of the client
            failed.append(f"{name}: {type(error).__name__}: {error}")
    for line in failed:
        print(f"WRONG {line}", file=sys.stderr)
    print(f"zeep_client: {len(failed)} wrong" if failed else "zeep_client: all as it must be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
